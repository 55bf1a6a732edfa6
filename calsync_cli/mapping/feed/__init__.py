"""A whole iCalendar feed taken apart, line by line and before anything is parsed (facts section 8)."""
