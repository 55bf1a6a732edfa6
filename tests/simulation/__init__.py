"""L3: days of editing by people, runs by cron, servers that fail, over the real engine in virtual time (test-plan 4).

    python -m tests.simulation --ops 1e7 --seed 1         # many stories; a failure prints the line that replays it
    python -m tests.simulation --story SEED -v            # one story, told step by step

A story is a function of its 64-bit seed and of the commit (Q4): calendars and pairs (`topology`), how the servers
behave (`weather`), who edits what when (`people`). `ledger` judges each write, `ending` and `oracles` the end; which
oracle is checked where is told in docs/reliability.md.
An operation is one edit by a person or one provider call.
"""
