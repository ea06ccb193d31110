replication 3.9, brokers north-1 south-1 north-2 west-1 north-3 north-4, voters north 1 south 1 west 2, min ISR 2, acks all, elr off, unclean on
# A controller that can commit no more is succeeded; what it had answered may still arrive.
lag
shrink north-1 north-2 north-4
apply north-1
cut north west
activate south
told north-1
