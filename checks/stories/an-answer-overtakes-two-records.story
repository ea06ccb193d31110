replication 4.1, brokers north-1 south-1, min ISR 1, acks all, elr on
# South-1 is dropped and let in again before north-1 has read a record of either.  The record of the first
# change is older than what north-1 acts on, and is not applied: r1 waits for south-1.
lag
shrink north-1 south-1
apply north-1
told north-1
fetch south-1
apply north-1
told north-1
learn north-1
produce north-1 r1
----
isr: north-1 south-1
north-1: |r1'1

refused ack north-1 r1: ack-awaits-watermark
