replication 4.1, brokers north-1 south-1, voters west 3, min ISR 1, acks 1, elr off, unclean on
# Two brokers lead in turn, and neither sees what the other wrote.  What the follower has of an epoch that
# its leader does not know goes first; only then do they find out that they share nothing at all.
produce north-1 r1
crash north-1
fence north-1
learn south-1
produce south-1 r2
restart north-1
register north-1
unfence north-1
crash south-1
fence south-1
learn north-1
produce north-1 r3
restart south-1
register south-1
unfence south-1
crash north-1
fence north-1
learn south-1
restart north-1
register north-1
unfence north-1
----
epoch: 4
leader: south-1
north-1: r1'1 r3'3|
south-1: r2'2|

fetch north-1
----
north-1: r1'1|

fetch north-1
----
north-1: |

fetch north-1
----
north-1: r2'2|
