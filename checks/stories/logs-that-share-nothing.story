replication 2.0, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:south, with notes-epoch-at-election=off
# Kafka 2.0.0 had KIP-279 and not yet KAFKA-7415.  A cache knew nothing of an epoch before its oldest, so a
# follower that shares nothing with its leader could not go by the epoch of the answer, and the logs part as before.
pause north-1
fence north-1
resume north-1
unfence north-1
learn south-1
learn north-1
fetch north-1
fetch north-1
pause north-1
prefer
fence north-1
resume north-1
unfence north-1
learn north-1
produce north-1 r1
produce south-1 r2
learn south-1 2
learn north-1
produce south-1 r3
----
north-1: |r1'3
south-1: r2'2 r3'4|

fetch north-1
fetch north-1
----
north-1: r1'3 r3'4|
south-1: r2'2 r3'4|
