replication 2.1, brokers north-1 south-1, min ISR 1, acks all, elr off, with controller:south, with late-requests
# A request says under which leader epoch it was sent, and an older one changes nothing (R51).
#
# North-1 was paused; south-1 leads since, and north-1 follows it.
pause north-1
fence north-1
learn south-1
resume north-1
unfence north-1
learn north-1 2
----
leader: south-1
epoch: 2

# Now the request arrives that made north-1 the leader of epoch 1.
refused late north-1 2: request-is-newer

# To a process that has just started every epoch is new, and Kafka 2.1 has nothing else to tell it by.
crash north-1
restart north-1
register north-1
late north-1 2
----
leader: south-1
epoch: 2
