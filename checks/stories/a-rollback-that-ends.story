replication 3.9, brokers north-1 south-1, voters north 1 south 1, min ISR 1, acks all, elr off, unclean off, spares south-1
# The same since 3.8: whoever is to stay is in the ISR, so it is done at once (KAFKA-15665).
reassign south-1
reassign north-1
----
assigned: north-1
adding: none
removing: none
epoch: 2
