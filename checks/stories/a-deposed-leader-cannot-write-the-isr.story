replication 2.1, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:south
# "Cached zkVersion not equal to that in zookeeper, skip updating ISR" (KAFKA-2729).
pause north-1
fence north-1
learn south-1
resume north-1
----
leader: south-1
epoch: 2

# North-1 leads on, and appends. It counts south-1, which does not fetch from it any more.
produce north-1 r1
lag
refused shrink north-1 south-1: isr-version-is-current
refused ack north-1 r1: ack-awaits-watermark
----
acknowledged: none
north-1: |r1'1
