//! Where the steps of a partition are looked at.

use crate::first_line;
use highwater_model::replication::Grain::{self, Coarse, CoarseDatacenters, Fine};
use highwater_model::replication::{Bounds, Replication};

/// A setting, a row, bounds and a grain.
pub(crate) struct Case {
    setting: &'static str,
    row: &'static str,
    /// Records, elections, ISR changes, preferred elections, unclean elections by an operator.
    bounds: [u8; 5],
    grain: Grain,
}

pub(crate) const fn case(
    setting: &'static str,
    row: &'static str,
    bounds: [u8; 5],
    grain: Grain,
) -> Case {
    Case {
        setting,
        row,
        bounds,
        grain,
    }
}

pub(crate) const ONE: &str = "4.1, brokers a-1 b-1, min ISR 1, elr on";
pub(crate) const TWO: &str = "4.1, brokers a-1 b-1, min ISR 2, elr on";
const THREE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on";
const UNCLEAN: &str = "4.1, brokers a-1 b-1, min ISR 1, elr on, unclean on";

/// Every fault of the ladder, one to three replicas, each control plane.
pub(crate) const CASES: [Case; 34] = [
    case(
        "4.1, brokers a-1, min ISR 1, elr on",
        "none",
        [2, 2, 2, 0, 0],
        Fine,
    ),
    case(
        "4.1, brokers a-1, min ISR 1, elr on",
        "broker-wiped",
        [2, 2, 2, 0, 0],
        Fine,
    ),
    case(
        "4.1, brokers a-1, min ISR 1, elr on",
        "dc-destroyed:a",
        [2, 2, 2, 0, 0],
        Fine,
    ),
    case(ONE, "lag+broker-crash", [2, 2, 1, 0, 0], Fine),
    case(ONE, "broker-crash", [2, 3, 1, 1, 0], Fine),
    case(ONE, "one-way-cut:a>b+broker-crash", [1, 2, 1, 0, 0], Fine),
    // The leader moves, and the watermark of the new one is behind.
    case(TWO, "broker-crash", [2, 3, 1, 1, 0], Fine),
    case(TWO, "broker-pause", [2, 3, 1, 1, 0], Fine),
    case(
        TWO,
        "controller-failover+broker-crash",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(THREE, "broker-power-loss", [1, 2, 1, 0, 0], Fine),
    case(THREE, "broker-pause", [1, 2, 1, 0, 0], Fine),
    case(THREE, "lag+dc-loss:a", [2, 2, 2, 0, 0], Coarse),
    case(THREE, "cut:a|b", [2, 2, 2, 0, 0], Coarse),
    case(THREE, "dc-destroyed:a", [2, 2, 2, 0, 0], CoarseDatacenters),
    case(
        "4.1, brokers a-1 a-2 b-1, min ISR 2, elr on",
        "dc-power-loss:a",
        [2, 2, 2, 0, 0],
        Coarse,
    ),
    // Min ISR 1 and one disk.
    case(
        "4.1, brokers a-1 b-1, min ISR 1, elr off",
        "lag+broker-power-loss",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(
        "4.0, brokers a-1 b-1, min ISR 1, elr on",
        "lag+broker-power-loss",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    // Unclean elections; a former leader that goes on; one that comes back.
    case(UNCLEAN, "lag+dc-loss:a", [2, 3, 1, 0, 0], Fine),
    case(UNCLEAN, "lag+broker-pause", [2, 2, 1, 0, 0], Fine),
    case(
        UNCLEAN,
        "lag+broker-crash+broker-crash",
        [2, 3, 1, 0, 0],
        Fine,
    ),
    // Acknowledged before it is committed.
    case(
        "4.1, brokers a-1 b-1, min ISR 1, elr on, acks 1",
        "broker-crash",
        [2, 3, 1, 0, 0],
        Fine,
    ),
    case(
        "4.1, brokers a-1 b-1, min ISR 1, elr on, acks 1",
        "broker-pause",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(
        "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on, acks 1",
        "broker-pause",
        [2, 2, 1, 0, 0],
        Coarse,
    ),
    // Never acknowledged.
    case(
        "4.1, brokers a-1 b-1, min ISR 1, elr on, unclean on, acks 0",
        "lag+broker-crash",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    // A registration that keeps the office, and one that does not.
    case(
        "3.9, brokers a-1 b-1 c-1, min ISR 2",
        "broker-power-loss",
        [2, 1, 0, 0, 0],
        Coarse,
    ),
    case(
        "4.0, brokers a-1 b-1 c-1, min ISR 2",
        "broker-power-loss",
        [2, 1, 0, 0, 0],
        Coarse,
    ),
    case(
        "3.9, brokers a-1 b-1, min ISR 2",
        "broker-power-loss",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(
        "3.9, brokers a-1 b-1, min ISR 1, unclean on",
        "lag+dc-destroyed:a",
        [2, 2, 2, 0, 0],
        Fine,
    ),
    case(
        "3.5, brokers a-1 b-1, min ISR 2",
        "lag+broker-crash",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(
        "3.5, brokers a-1 b-1, min ISR 2",
        "lag+broker-crash",
        [2, 3, 1, 0, 1],
        Fine,
    ),
    case(
        "2.7, brokers a-1 b-1, min ISR 2",
        "lag+broker-power-loss",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(
        "2.7, brokers a-1 b-1, min ISR 1",
        "lag+broker-crash",
        [2, 2, 1, 0, 0],
        Fine,
    ),
    case(
        "2.1, brokers a-1 b-1, min ISR 1",
        "broker-power-loss",
        [2, 3, 1, 0, 0],
        Fine,
    ),
    case(
        "2.1, brokers a-1 b-1, min ISR 2, unclean on",
        "lag+broker-crash",
        [2, 2, 1, 0, 0],
        Fine,
    ),
];

impl Case {
    pub(crate) fn model(&self) -> Replication {
        let [
            records,
            elections,
            isr_changes,
            preferred_elections,
            unclean,
        ] = self.bounds;
        let mut bounds = Bounds {
            records,
            elections,
            isr_changes,
            preferred_elections,
            ..Bounds::default()
        };
        bounds.operators.unclean_elections = unclean;
        let mut model = first_line::model(self.setting, self.row, bounds);
        model.variant.grain = self.grain;
        model
    }

    pub(crate) fn grain(&self) -> Grain {
        self.grain
    }

    pub(crate) fn name(&self) -> String {
        let by_operator = if self.bounds[4] > 0 {
            ", unclean by an operator"
        } else {
            ""
        };
        format!(
            "{}; {}{by_operator}; {}",
            self.setting,
            self.row,
            self.grain.name()
        )
    }
}
