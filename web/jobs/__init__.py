"""Jobs of the `/1.0` half: stored videos and live streams that are watched after their call was answered.

A job is a stream of `web.registry` with a listener. `grid.py` places its samples, `notices.py` says what is told while
it runs and `objects.py` how (all three pure, put together by `fold.py`); `running.py` writes that down as it comes,
`jobs.py` starts jobs, ends them and takes them up again after a restart, `sweeping.py` clears away what is too old.
"""
