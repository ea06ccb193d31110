replication 3.5, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean off, with waits-for-caught-up=on
# Whoever may be dropped has been behind for as long as anybody waits.
lag
shrink north-1 south-1
refused lapse north-1 south-1: already-so
