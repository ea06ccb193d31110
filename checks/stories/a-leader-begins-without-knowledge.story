replication 4.1, brokers north-1 south-1, min ISR 1, acks all, elr on
# North-1 leads, follows, and leads again.  What it knew of south-1 in its first tenure counts no more, so
# south-1 may be dropped before it has fetched.
produce north-1 r1
fetch south-1
fetch south-1
pause north-1
fence north-1
learn south-1
resume north-1
unfence north-1
learn south-1
learn north-1 2
fetch north-1
fetch north-1
apply south-1
told south-1
prefer
----
leader: north-1
epoch: 3
isr: north-1 south-1

lag
learn north-1
shrink north-1 south-1
