replication 4.1, brokers north-1 south-1, voters north 1 south 1 east 1, min ISR 1, acks all, elr on, with controller:south
# A leader that is cut off does not step down, and with acks=all that does no harm.
#
# The north is cut off from everybody.  The controller, in the south, fences north-1 and elects
# south-1; north-1 hears nothing of it and goes on taking records.
cut north south
cut north east
fence north-1
learn south-1
produce north-1 r1
----
leader: south-1
epoch: 2
north-1: |r1'1

# South-1 is in the ISR that north-1 knows, so north-1 waits for it: for ever.  To drop it would take
# the controller, and what is only proposed does not count yet.
refused ack north-1 r1: ack-awaits-watermark
shrink north-1 south-1
refused ack north-1 r1: ack-awaits-watermark

# The link heals.  North-1 learns that it has been deposed, follows south-1, and drops what nobody
# was promised.
heal north south
heal north east
learn north-1
fetch north-1
----
north-1: |
acknowledged: none
