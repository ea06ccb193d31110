replication 4.1, brokers north-1 west-1 north-2, voters north 2 south 1 west 2, min ISR 1, acks 0, elr off, unclean on
# The joiner was fenced meanwhile; its proposal is taken back, and the watermark moves with the next fetch.
produce north-1 r1
fetch west-1
lose north
activate west
return north
restart north-2
fence north-1
learn west-1
register north-2
restart north-1
register north-1
unfence north-2
learn west-1 3
fetch north-2
fetch north-2
darken north 1 1
fence north-2
produce west-1 r2
apply west-1
told west-1
----
west-1: r1'1|r2'2
