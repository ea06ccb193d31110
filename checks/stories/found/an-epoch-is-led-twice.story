replication 3.5, brokers south-1 west-1 west-2, voters north 1 south 1 west 1, min ISR 1, acks 0, elr off, unclean on, with truncates-to-watermark=on
# South-1 leads epoch 1 of the former history once more; what it had written then it has cut off meanwhile.
break-out west
produce south-1 r1
lose south
fence south-1
return south
restart south-1
register south-1
break-out south
power-loss south-1 0
restart south-1
register south-1
unfence south-1
produce south-1 r2
----
south-1: |r2'1
