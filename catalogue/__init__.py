"""Reference data with validity dates: procedures, agencies, places, calendar, deadlines, routing."""
