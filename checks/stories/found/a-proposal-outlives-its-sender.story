replication 3.5, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean off
# What has left the broker is handled, whatever becomes of the broker.
lag
shrink north-1 south-1
power-loss north-1 0
apply north-1
----
isr: north-1
