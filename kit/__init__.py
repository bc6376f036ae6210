"""What every room stands on: settings, database, jobs, outbox, errors, clock, crypto, logging. Knows no ticket
word."""
