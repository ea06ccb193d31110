replication 3.5, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean off, with late-fetches, with controller:south
lose north
refused request south-1: unreachable
