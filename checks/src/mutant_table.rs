//! The mutants, in the order of the rules: whose effect, what is wrong with it, and where it is tried.
//!
//! Each edits what its rule has made of a state.  Most put something back as it was before, or take
//! what somebody else holds; where an edit is longer than that, [`edits`] has it.

mod clients;
mod controller;
mod edits;
mod elections;
mod fetching;
mod lifecycle;
mod offices;
mod proposals;
mod reassignments;
mod zookeeper;

use crate::guards::{Besides, Case};
use crate::mutants::{Effect, Fate, Mutant};

/// Every mutant.
pub(crate) fn every() -> impl Iterator<Item = &'static Mutant> {
    let groups = [
        clients::MUTANTS,
        fetching::MUTANTS,
        proposals::MUTANTS,
        offices::MUTANTS,
        controller::MUTANTS,
        reassignments::MUTANTS,
        elections::MUTANTS,
        lifecycle::MUTANTS,
        zookeeper::MUTANTS,
    ];
    groups.into_iter().flatten()
}

const ONE: &str = "4.1, brokers a-1 b-1, min ISR 1, elr on";
const TWO: &str = "4.1, brokers a-1 b-1, min ISR 2, elr on";
const ONE_OF_THREE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 1, elr on";
const TWO_OF_THREE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on";
/// Who loses a and b still has controllers.
const CONTROLLERS_AT_C: &str = "4.1, brokers a-1 b-1 c-1, voters c 1, min ISR 1, elr on";
const WITHOUT_ELR: &str = "4.1, brokers a-1 b-1, min ISR 1, elr off";
const UNCLEAN: &str = "4.1, brokers a-1 b-1, min ISR 1, elr on, unclean on";
const ACKS_1: &str = "4.1, brokers a-1 b-1, min ISR 1, acks 1, elr on";
const AND_A_SPARE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 2, elr on, spares c-1";
const UNCLEAN_AND_TWO_SPARES: &str =
    "4.1, brokers a-1 b-1 c-1, min ISR 1, elr off, unclean on, spares b-1 c-1";
const IDEMPOTENT: &str = "4.1, brokers a-1 b-1, min ISR 1, idempotence on, elr on";
const LATE: &str = "4.1, brokers a-1 b-1, voters a 1 b 1 w 1, min ISR 1, elr on, with late-fetches";
const LATE_OF_THREE: &str = "4.1, brokers a-1 b-1 c-1, min ISR 1, elr on, with late-fetches";
const OBSERVER: &str = "4.1, brokers b-1 a-1 b-2, voters a 1 b 1 w 1, min ISR 2, elr on, observers b-2, \
                        promotion leader-is-observer";
const TWO_AND_A_WITNESS: &str = "4.1, brokers a-1 b-1, voters a 1 b 1 w 1, min ISR 1, elr on";
const TWO_VOTERS: &str = "4.1, brokers a-1 b-1, voters a 1 b 1, min ISR 1, elr on";
const IN_3_5: &str = "3.5, brokers a-1 b-1, min ISR 1";
const IN_0_10: &str = "0.10, brokers a-1 b-1, min ISR 1";
const IN_2_0: &str = "2.0, brokers a-1 b-1, min ISR 1";
const IN_2_1: &str = "2.1, brokers a-1 b-1, min ISR 1";
const IN_2_7: &str = "2.7, brokers a-1 b-1, min ISR 1";

const fn mutant(
    id: &'static str,
    rule: &'static str,
    wrong: &'static str,
    fate: Fate,
    case: Case,
    effect: Effect,
) -> Mutant {
    Mutant {
        id,
        rule,
        wrong,
        fate,
        case,
        effect,
    }
}

/// Records, elections, ISR changes, preferred elections.
const fn case(setting: &'static str, faults: &'static str, bounds: [u8; 4]) -> Case {
    with(Besides::Nothing, setting, faults, bounds)
}

const fn with(
    besides: Besides,
    setting: &'static str,
    faults: &'static str,
    bounds: [u8; 4],
) -> Case {
    Case {
        setting,
        faults,
        bounds,
        besides,
    }
}

/// An effect on some events: the pattern, and what is done to the state after (and by what was before).
macro_rules! on {
    ($event:pat, $after:ident => $effect:expr) => {
        |step: &Step<'_>, $after: &mut State| {
            if let $event = *step.event {
                $effect
            }
        }
    };
    ($event:pat, $before:ident, $after:ident => $effect:expr) => {
        |step: &Step<'_>, $after: &mut State| {
            let $before = step.before;
            if let $event = *step.event {
                $effect
            }
        }
    };
}

use on;
