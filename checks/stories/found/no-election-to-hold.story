replication 3.5, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean off
# The preferred leader is not available, and the other leads already.
crash north-1
fence north-1
refused prefer: nothing-there
