replication 4.1, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, unclean off
# South-1 led and wrote nothing.  All that is left of its epoch is a note at the end of its log, and as long
# as that stays it can never fetch from a leader that has no such epoch (KAFKA-10706).
produce north-1 r1
fetch south-1
pause north-1
fence north-1
learn south-1
pause south-1
fence south-1
resume north-1
unfence north-1
elect-unclean
learn north-1 4
produce north-1 r2
resume south-1
unfence south-1
learn south-1 3
fetch south-1
----
south-1: r1'1|

fetch south-1
----
south-1: r1'1 r2'4|
