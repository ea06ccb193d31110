//! What the versions of Kafka do, in histories of a few lines each.

mod support;

use support::differences;

fn happens(story: &str) {
    let found = differences(story);
    assert!(found.is_empty(), "{story}\n{}", found.join("\n"));
}

#[test]
fn before_4_0_a_registration_keeps_seat_and_office() {
    happens(
        "replication 3.9, brokers north-1 south-1, min ISR 2
        produce north-1 r1
        fetch south-1
        fetch south-1
        ack north-1 r1
        power-loss north-1 1
        restart north-1
        register north-1
        ----
        leader: north-1
        epoch: 1
        isr: north-1 south-1
        fenced: north-1

        # It serves nobody before it is let back in.  Then its follower drops what was acknowledged.
        refused fetch south-1: not-serving
        unfence north-1
        fetch south-1
        ----
        south-1: |
        acknowledged: r1

        # What it writes now has the epoch and the offset of what was lost.
        produce north-1 r2
        fetch south-1
        ----
        south-1: |r2'1",
    );
    happens(
        "replication 4.1, brokers north-1 south-1, min ISR 2, elr on
        power-loss north-1 0
        restart north-1
        register north-1
        ----
        leader: south-1
        epoch: 2
        isr: south-1
        elr: none",
    );
}

#[test]
fn without_elr_the_last_member_stays_and_alone_may_lead() {
    happens(
        "replication 3.9, brokers north-1 south-1, voters east 3, min ISR 1
        crash south-1
        fence south-1
        crash north-1
        fence north-1
        ----
        leader: none
        epoch: 2
        isr: north-1

        restart south-1
        register south-1
        unfence south-1
        ----
        leader: none
        isr: north-1

        restart north-1
        register north-1
        ----
        leader: none
        epoch: 2

        unfence north-1
        ----
        leader: north-1
        epoch: 3
        isr: north-1",
    );
}

#[test]
fn the_last_known_leader_is_the_last_resort() {
    let beginning = "brokers north-1 south-1, voters east 3, min ISR 2, elr on
        crash south-1
        fence south-1
        ----
        isr: north-1
        elr: south-1

        crash north-1
        fence north-1
        ----
        leader: none
        epoch: 2
        isr: none
        elr: north-1 south-1

        # An unclean stop costs the seat among the eligible.
        restart south-1
        register south-1
        ----
        elr: north-1

        restart north-1
        register north-1
        ----
        elr: none";
    happens(&format!(
        "replication 4.1, {beginning}
        leader: none
        isr: none

        unfence south-1
        ----
        leader: none

        unfence north-1
        ----
        leader: north-1
        epoch: 3
        isr: north-1"
    ));
    // KAFKA-19522: in 4.0.0 it is elected while it is fenced.
    happens(&format!(
        "replication 4.0, {beginning}
        leader: north-1
        epoch: 3
        isr: north-1
        fenced: north-1 south-1"
    ));
}

#[test]
fn in_3_5_a_shrinking_starts_an_epoch_and_its_answer_is_ignored() {
    happens(
        "replication 3.5, brokers north-1 south-1, min ISR 1
        produce north-1 r1
        lag
        shrink north-1 south-1
        apply north-1
        ----
        leader: north-1
        epoch: 2
        isr: north-1

        told north-1
        refused ack north-1 r1: ack-awaits-watermark
        refused shrink north-1 south-1: no-proposal-while-pending
        learn north-1
        ack north-1 r1
        ----
        north-1: r1'1|",
    );
}

#[test]
fn a_former_leader_drops_what_the_new_one_lacks() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters north 1 south 1 east 1, min ISR 1, with controller:south
        produce north-1 r1
        crash north-1
        fence north-1
        learn south-1
        produce south-1 r2
        restart north-1
        register north-1
        unfence north-1
        learn south-1 2
        ----
        north-1: |r1'1
        south-1: r2'2|

        # It states epoch 1; the leader knows nothing below epoch 2, which begins at 0.
        fetch north-1
        ----
        north-1: |
        isr: south-1

        fetch north-1
        fetch north-1
        apply south-1
        ----
        north-1: r2'2|
        isr: north-1 south-1",
    );
}

#[test]
fn a_change_of_min_isr_throws_the_eligible_away() {
    happens(
        "replication 4.1, brokers north-1 south-1, min ISR 2, elr on
        crash south-1
        fence south-1
        ----
        elr: south-1

        set-min-isr 1
        refused set-min-isr 1: already-so
        ----
        elr: none
        epoch: 1

        # The leader goes by the old one until it learns.  What it learns with the new one is applied first,
        # so it looks at its watermark under the old one still, and again only when something else happens.
        produce north-1 r1
        learn north-1
        refused ack north-1 r1: ack-awaits-watermark
        learn north-1
        refused ack north-1 r1: ack-awaits-watermark
        produce north-1 r2
        ack north-1 r1",
    );
}

#[test]
fn who_elects_uncleanly() {
    let beginning = "brokers north-1 south-1, voters east 3, min ISR 1, unclean on
        crash south-1
        fence south-1
        restart south-1
        register south-1
        unfence south-1
        crash north-1
        fence north-1
        ----";
    happens(&format!(
        "replication 3.5, {beginning}
        leader: none
        isr: north-1

        refused unclean: unclean-is-allowed
        elect-unclean
        ----
        leader: south-1
        isr: south-1"
    ));
    happens(&format!(
        "replication 3.9, {beginning}
        leader: south-1
        isr: south-1

        refused unclean: already-so"
    ));
}

#[test]
fn an_answer_is_lost_with_the_controller_and_the_change_stays_pending() {
    happens(
        "replication 4.1, brokers north-1 south-1, min ISR 1
        produce north-1 r1
        lag
        shrink north-1 south-1
        apply north-1
        depose
        refused told north-1: nothing-there
        refused learn north-1: no-controller
        refused ack north-1 r1: ack-awaits-watermark
        activate south
        refused shrink north-1 south-1: no-proposal-while-pending
        learn north-1
        ack north-1 r1",
    );
}

#[test]
fn a_late_fetch_of_a_lost_disk_proves_nothing() {
    let beginning = "brokers north-1 south-1, min ISR 1, with late-fetches
        produce north-1 r1
        fetch south-1
        request south-1
        wipe south-1
        restart south-1
        register south-1";
    // Once the leader knows the new registration, and that it is unfenced.
    happens(&format!(
        "replication 3.9, {beginning}
        unfence south-1
        learn north-1 2
        refused serve south-1: fetch-broker-epoch-is-current
        drop south-1
        refused ack north-1 r1: ack-awaits-watermark"
    ));
    happens(&format!(
        "replication 3.5, {beginning}
        unfence south-1
        learn north-1 2
        serve south-1
        ack north-1 r1
        ----
        south-1: |
        acknowledged: r1"
    ));
}

#[test]
fn a_late_answer_finds_a_leader_and_is_not_heeded() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters east 3, min ISR 1, with late-fetches
        produce north-1 r1
        request south-1
        refused request south-1: already-so
        serve south-1
        crash north-1
        fence north-1
        learn south-1
        refused answer south-1: no-leader-to-fetch-from
        drop south-1
        refused answer south-1: nothing-there",
    );
}

#[test]
fn a_proposal_outlives_its_sender() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters east 3, min ISR 1
        lag
        shrink north-1 south-1
        crash north-1
        apply north-1
        ----
        isr: north-1",
    );
}

#[test]
fn a_proposal_that_could_not_be_sent_ends_with_its_sender() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters east 3, min ISR 1
        cut north east
        lag
        shrink north-1 south-1
        refused apply north-1: unreachable
        crash north-1
        refused apply north-1: nothing-there",
    );
}

#[test]
fn a_broker_loses_what_it_wrote_since_it_came_back() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters east 3, min ISR 1
        produce north-1 r1
        stop north-1
        restart north-1
        refused power-loss north-1 1: no-such-record
        refused darken north 1: no-such-record
        register north-1
        power-loss north-1 1
        ----
        north-1: x |",
    );
}

#[test]
fn a_min_isr_that_stays_the_same_clears_what_there_is_to_clear() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters east 3, min ISR 2, elr on
        refused set-min-isr 2: already-so
        lag
        shrink north-1 south-1
        apply north-1
        ----
        elr: south-1

        set-min-isr 2
        ----
        elr: none",
    );
}

#[test]
fn a_zombie_acknowledges_what_waits_for_nobody() {
    happens(
        "replication 4.1, brokers north-1 south-1, voters north 1 south 1 east 1, min ISR 1, acks 1, with controller:east
        pause north-1
        fence north-1
        learn south-1
        refused produce north-1 r1: not-serving
        resume north-1
        produce north-1 r1
        ----
        leader: south-1
        acknowledged: r1
        north-1: |r1'1

        refused fetch south-1: no-leader-to-fetch-from
        learn north-1
        fetch north-1
        ----
        north-1: |",
    );
}

#[test]
fn a_clean_stop_keeps_the_seat_among_the_eligible() {
    happens(
        "replication 4.1, brokers north-1 south-1, min ISR 2, elr on
        stop south-1
        fence south-1
        restart south-1
        register south-1
        ----
        isr: north-1
        elr: south-1

        # The mark is used up: a crash before anything else is unclean.
        crash south-1
        restart south-1
        register south-1
        ----
        elr: none",
    );
}

#[test]
fn a_joiner_counts_at_once_and_a_leaver_until_it_is_out() {
    happens(
        "replication 4.1, brokers north-1 south-1, min ISR 1
        produce north-1 r1
        lag
        shrink north-1 south-1
        refused ack north-1 r1: ack-awaits-watermark
        apply north-1
        refused ack north-1 r1: ack-awaits-watermark
        told north-1
        ack north-1 r1

        # South-1 comes back; from its proposal on, r2 waits for it.
        fetch south-1
        fetch south-1
        produce north-1 r2
        refused ack north-1 r2: ack-awaits-watermark
        apply north-1
        untold north-1
        refused ack north-1 r2: ack-awaits-watermark
        fetch south-1
        fetch south-1
        ack north-1 r2
        ----
        isr: north-1 south-1",
    );
}

#[test]
fn a_proposal_is_void_once_the_partition_has_changed() {
    // South-1 would be dropped and east-1 stay, as it was before east-1 was fenced.
    happens(
        "replication 4.1, brokers north-1 south-1 east-1, min ISR 1
        produce north-1 r1
        crash south-1
        crash east-1
        shrink north-1 south-1
        fence east-1
        refused apply north-1: nothing-there
        refused shrink north-1 south-1: no-proposal-while-pending
        learn north-1
        shrink north-1 south-1
        apply north-1
        ----
        isr: north-1",
    );
}

#[test]
fn a_lower_min_isr_moves_the_watermark_at_the_next_occasion() {
    // Without ELR the change is none of the partition's, so its leader is not made leader again.
    happens(
        "replication 3.9, brokers north-1 south-1, min ISR 2
        produce north-1 r1
        crash south-1
        fence south-1
        learn north-1
        refused ack north-1 r1: ack-awaits-watermark
        set-min-isr 1
        learn north-1
        refused ack north-1 r1: ack-awaits-watermark
        produce north-1 r2
        ack north-1 r1
        ack north-1 r2",
    );
}

#[test]
fn what_was_appended_before_the_isr_shrank_is_refused_afterwards() {
    happens(
        "replication 4.1, brokers north-1 south-1, min ISR 2, elr on
        produce north-1 r1
        fetch south-1
        fetch south-1
        produce north-1 r2
        refused refuse north-1 r1: already-so
        crash south-1
        fence south-1
        learn north-1
        refused ack north-1 r1: ack-at-min-isr
        refused refuse north-1 r2: ack-awaits-watermark
        refuse north-1 r1
        ----
        acknowledged: none
        north-1: r1'1|r2'1",
    );
}

/// `Partition.updateFollowerFetchState` looks at the watermark only where the follower's end is another
/// one than before.
#[test]
fn a_fetch_that_proves_nothing_new_moves_no_watermark() {
    happens(
        "replication 4.1, brokers north-1 south-1 west-1, min ISR 3, acks 1
        lag
        shrink north-1 west-1
        apply north-1
        told north-1
        produce north-1 r1
        fetch south-1
        fetch-lost south-1
        set-min-isr 2
        learn north-1 2
        # Whoever counts holds it, and enough are in sync; but nobody looks.
        fetch-lost south-1
        ----
        north-1: |r1'1

        # An append looks.
        produce north-1 r2
        ----
        north-1: r1'1|r2'1",
    );
}
