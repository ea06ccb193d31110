replication 4.0, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, with late-fetches
# Until 4.1 nobody compares the epoch of an answer; that it continues another end is noticed.
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
fetch south-1
----
south-1: r1'1|

refused answer south-1: answer-is-for-this-end
