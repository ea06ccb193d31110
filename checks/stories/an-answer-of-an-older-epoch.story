replication 4.1, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, with late-fetches
# The answer was given before its leader was lost; the leader that comes back is the same, its epoch is not.
lag
produce north-1 r1
request south-1
serve south-1
shrink north-1 south-1
apply north-1
told north-1
crash north-1
fence north-1
restart north-1
register north-1
unfence north-1
learn north-1
learn south-1
learn south-1
----
leader: north-1
epoch: 3

refused answer south-1: answer-epoch-is-current
drop south-1
fetch south-1
----
south-1: r1'1|
