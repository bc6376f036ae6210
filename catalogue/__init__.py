"""Reference data with validity dates: procedures, agencies, places, the working calendar, deadlines, routing."""
