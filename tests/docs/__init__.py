"""What the documents say is what the program does: every command, configuration, link and picture of them.

    python -m tests.docs.make        # writes again what is made by the program itself; tests say when that is needed
"""
