//! Who holds a replica: R36, and the leader epoch that begins when somebody loses one.

use super::edits::newest;
use super::{AND_A_SPARE, UNCLEAN_AND_TWO_SPARES, mutant, on, with};
use crate::guards::Besides::{Reassign, ReassignAndCancel};
use crate::mutants::Fate::{Breaks, Parts};
use crate::mutants::{Mutant, Step};
use highwater_model::replication::State;
use highwater_vocabulary::BrokerSet;
use highwater_vocabulary::Event::{self, Apply, CancelReassignment};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "reassignment-takes-at-once",
        "R36",
        "A reassignment takes the old replicas away before the new ones are in sync.",
        Breaks("acked-somewhere", 6),
        with(
            Reassign(&["b-1 c-1"]),
            AND_A_SPARE,
            "broker-power-loss",
            [1, 2, 1, 0],
        ),
        on!(Event::Reassign { replicas }, after => {
            let image = newest(after);
            image.replicas = replicas;
            after.controller.removing = BrokerSet::EMPTY;
            after.controller.adding = BrokerSet::EMPTY;
        }),
    ),
    mutant(
        "reassigned-is-in-sync",
        "R36",
        "Who gets a replica by a reassignment is in the ISR at once.",
        Breaks("quorum-superset", 1),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Event::Reassign { replicas }, after => {
            let image = newest(after);
            image.isr = image.isr.union(replicas);
        }),
    ),
    mutant(
        "reassignment-forgets-whom-to-remove",
        "R36",
        "A reassignment adds the new replicas, and takes nobody away in the end.",
        Parts(1),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Event::Reassign { .. }, after => after.controller.removing = BrokerSet::EMPTY),
    ),
    mutant(
        "reassignment-forgets-whom-to-add",
        "R36",
        "A reassignment notes only whom it is to take away, and may complete without the new ones.",
        Breaks("metadata-sanity", 3),
        with(
            Reassign(&["b-1 c-1"]),
            AND_A_SPARE,
            "broker-power-loss",
            [1, 2, 1, 0],
        ),
        on!(Event::Reassign { .. }, before, after => {
            after.controller.adding = BrokerSet::EMPTY;
            newest(after).replicas = before.image().replicas;
        }),
    ),
    mutant(
        "completed-reassignment-keeps-the-replicas",
        "R36",
        "A reassignment is done, and who was to lose its replica has it still.",
        Parts(5),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Apply { .. }, before, after => {
            newest(after).replicas = before.image().replicas;
        }),
    ),
    mutant(
        "completed-reassignment-keeps-the-epoch",
        "R27",
        "A reassignment that takes the leader's replica starts no leader epoch.",
        Breaks("one-leader-per-epoch", 5),
        with(Reassign(&["b-1 c-1"]), AND_A_SPARE, "none", [1, 1, 0, 0]),
        on!(Apply { .. }, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "replaced-reassignment-forgets-whom-to-add",
        "R36",
        "A reassignment that replaces another and adds nobody forgets whom the first was adding.",
        Parts(5),
        with(
            Reassign(&["b-1 c-1", "a-1 b-1"]),
            AND_A_SPARE,
            "lag",
            [1, 1, 1, 0],
        ),
        on!(Event::Reassign { .. }, before, after => {
            if !before.controller.adding.is_empty() {
                after.controller.adding = BrokerSet::EMPTY;
            }
        }),
    ),
    mutant(
        "cancelling-keeps-the-added",
        "R36",
        "A reassignment is taken back, and who was to be added has its replica still.",
        Parts(2),
        with(
            ReassignAndCancel(&["b-1 c-1"]),
            AND_A_SPARE,
            "none",
            [1, 1, 0, 0],
        ),
        on!(CancelReassignment, before, after => {
            newest(after).replicas = before.image().replicas;
        }),
    ),
    mutant(
        "cancelling-keeps-the-isr",
        "R36",
        "A reassignment is taken back, and who was to be added keeps its seat in the ISR.",
        Breaks("metadata-sanity", 8),
        with(
            ReassignAndCancel(&["b-1 c-1"]),
            AND_A_SPARE,
            "broker-crash",
            [1, 2, 1, 0],
        ),
        on!(CancelReassignment, before, after => newest(after).isr = before.image().isr),
    ),
    mutant(
        "cancelling-keeps-the-leader-epoch",
        "R27",
        "A reassignment is taken back, somebody loses its replica, and no leader epoch begins.",
        Parts(2),
        with(
            ReassignAndCancel(&["b-1 c-1"]),
            AND_A_SPARE,
            "none",
            [1, 1, 0, 0],
        ),
        on!(CancelReassignment, before, after => {
            newest(after).leader_epoch = before.image().leader_epoch;
        }),
    ),
    mutant(
        "cancelling-keeps-whom-to-remove",
        "R36",
        "A reassignment is taken back, and who was to be removed is to be removed still.",
        Parts(2),
        with(
            ReassignAndCancel(&["b-1 c-1"]),
            AND_A_SPARE,
            "none",
            [1, 1, 0, 0],
        ),
        on!(CancelReassignment, before, after => {
            after.controller.removing = before.controller.removing;
        }),
    ),
    mutant(
        "cancelling-restores-the-order",
        "R36",
        "A reassignment is taken back, and the list of replicas is in the order that it had before.",
        Parts(2),
        with(
            ReassignAndCancel(&["b-1 c-1"]),
            AND_A_SPARE,
            "none",
            [1, 1, 0, 0],
        ),
        on!(CancelReassignment, after => after.controller.behind = BrokerSet::EMPTY),
    ),
    mutant(
        "unclean-cancelling-puts-nobody-in-sync",
        "R36",
        "A reassignment is taken back when only who was added is in sync, and the ISR is empty.",
        Breaks("metadata-sanity", 4),
        with(
            ReassignAndCancel(&["b-1 c-1"]),
            UNCLEAN_AND_TWO_SPARES,
            "broker-crash",
            [1, 2, 0, 0],
        ),
        on!(CancelReassignment, before, after => {
            let image = newest(after);
            if before.image().isr.intersection(image.isr).is_empty() {
                image.isr = BrokerSet::EMPTY;
            }
        }),
    ),
];
