replication 3.9, brokers south-1 west-1 west-2, voters north 1 south 1 west 1, min ISR 1, acks all, elr off, unclean off, with controller:west
# The former history has gone on; what south-1 had asked the new one for is judged by the new one, after its
# process has ended too.
break-out west
activate north
fence west-1
lag
lose north
terminate south-1
restart south-1
register south-1
shrink south-1 west-1
lose south
apply south-1
----
isr: south-1 west-1 west-2
