"""Who she is: the record, its readers and the instruments that score her pain."""
