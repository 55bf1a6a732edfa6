"""Mutation fuzzing of everything that reads what others wrote: feeds, iCalendar objects, JSON of Google and Microsoft.

Laws    whatever the bytes: a reading, or MappingError with words (a feed: NotAFeed); never another exception, never
        longer than SLOW_S; the same bytes are always read in the same way; what was read can be stored, and the engine
        can ask when it begins and ends. Damage within one event of a feed leaves the others as they were
"""
