replication 4.1, brokers north-1 south-1, voters west 3, min ISR 2, acks all, elr on, unclean off
# South-1 is gone, and an operator lowers min ISR.  That clears the ELR as well, so both come to north-1 in one
# batch; but a broker applies the partitions of a batch before the configuration, and looks at the watermark
# under the old min ISR once more.
produce north-1 r1
crash south-1
fence south-1
learn north-1
----
isr: north-1
elr: south-1
north-1: |r1'1

set-min-isr 1
learn north-1
----
elr: none
north-1: |r1'1

produce north-1 r2
----
north-1: r1'1 r2'1|
