from __future__ import annotations
from benchmarks import acts
from benchmarks.scene import ground

with ground() as g:
    for e in ("sqlite", "postgresql"):
        with g.scene(e) as scene:
            st, w = acts.counted(scene)
            print(w)
            t, goals = acts.against_the_floor(scene, 7, 100)
            print(t.markdown())
            print(goals)
