replication 4.1, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, unclean on, with truncates-to-watermark=on
# Nobody compares epochs, so a log may go on with an older one than it had: that is how two logs come to
# differ below both watermarks.
produce north-1 r1
produce north-1 r2
lag
shrink north-1 south-1
apply north-1
told north-1
crash north-1
fence north-1
learn south-1
produce south-1 r3
restart north-1
register north-1
unfence north-1
crash south-1
fence south-1
learn north-1
restart south-1
register south-1
unfence south-1
fetch south-1
----
north-1: r1'1 r2'1|
south-1: r3'2 r2'1|
