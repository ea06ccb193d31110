replication 1.0, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:south
# What KIP-279 repaired.  Each has led, and neither has seen what the other wrote.
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

# "Where does epoch 3 end?" - "At 1", where epoch 4 begins.  That the answer is about epoch 2 it does not say.
fetch north-1
----
north-1: |r1'3

fetch north-1
----
north-1: r1'3 r3'4|
