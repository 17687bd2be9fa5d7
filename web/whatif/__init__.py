"""What other policies would have made of scores that were kept.

Judging runs in processes of its own (`child.py`), one a question, which `process.py` starts and `judges.py` keeps:
neither the event loop nor its threads pay for it. `replays.py` reads the store and leads the conversation, in
`messages.py`; `judging.py` is pure.
"""
