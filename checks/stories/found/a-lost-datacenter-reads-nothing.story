replication 3.5, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 2, acks all, elr off, unclean off
# Neither power nor network, for its clients as well.
destroy south
shrink north-1 south-1
apply north-1
produce north-1 r1
fence south-1
learn north-1
refused read south north-1 0: unreachable
read north north-1 0
