replication 0.10, brokers north-1 south-1, min ISR 2, acks all, elr off
# What KIP-101 tells first.  A record is acknowledged because every in-sync replica has proved to hold it.
produce north-1 r1
fetch south-1
fetch south-1
ack north-1 r1
----
acknowledged: r1
north-1: r1'1|
south-1: |r1'1

# South-1 has not been told yet that r1 is committed.  It starts again, is back before anybody has missed it,
# and is told to follow: it keeps what lies below its own watermark.
crash south-1
restart south-1
register south-1
depose
activate north
learn south-1
----
south-1: |

# It has a seat in the ISR still, so it leads when north-1 stops.
crash north-1
activate south
learn south-1
----
leader: south-1
epoch: 2
south-1: |
