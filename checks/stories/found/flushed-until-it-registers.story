replication 3.5, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean off
# An orderly stop flushes; what is written after the next registration is not.
produce north-1 r1
stop north-1
restart north-1
refused power-loss north-1 1: no-such-record
register north-1
power-loss north-1 1
----
north-1: x |
