replication 4.1, brokers north-1 south-1, min ISR 2, acks all, elr on
# The watermark travels one fetch late, in both directions.
#
# A leader learns what a follower holds from the follower's *next* request, never from its own
# answer: asking for offset 1 is the proof of holding everything below 1.
produce north-1 r1
fetch south-1
----
north-1: |r1'1
south-1: |r1'1

# South-1 holds r1, but north-1 does not know it, so nothing is committed and nobody may be told.
refused ack north-1 r1: ack-awaits-watermark

# The next request is the proof.  The answer was read before the proof was taken into account, so it
# carries the watermark from before: south-1 does not know yet that r1 is committed.
fetch south-1
----
north-1: r1'1|
south-1: |r1'1

ack north-1 r1
----
acknowledged: r1

# One more, and both know.
fetch south-1
----
south-1: r1'1|
