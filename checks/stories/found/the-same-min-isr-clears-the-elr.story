replication 4.0, brokers north-1 south-1, voters north 1 south 1 west 1, min ISR 2, acks 0, elr on, unclean off
lag
shrink north-1 south-1
apply north-1
learn north-1
set-min-isr 2
----
elr: none
