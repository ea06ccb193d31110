#![allow(missing_docs)]
use highwater_checks::explore::Limits;
use highwater_checks::quorum::{Verdict, explore};
use highwater_model::quorum::*;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // voters spares faults records epochs changes flags waived,...
    let layout: Vec<(String, usize)> = args[0]
        .split(',')
        .enumerate()
        .map(|(i, n)| (["a", "b", "c", "d", "e"][i].to_string(), n.parse().unwrap()))
        .collect();
    let l: Vec<(&str, usize)> = layout.iter().map(|(a, b)| (a.as_str(), *b)).collect();
    let setting = Setting::of(&l, args[1].parse().unwrap());
    let faults = Faults::parse(&args[2], &setting.datacenters).unwrap();
    let n: Vec<u8> = args[3].split(',').map(|x| x.parse().unwrap()).collect();
    let flags = args[4].clone();
    let mut variant = Variant::newest();
    for s in flags.split(',') {
        match s {
            "nopre" => variant.switches.pre_vote = false,
            "static" => variant.switches.static_voters = true,
            "nocheck" => variant.switches.check_quorum = false,
            "same" => variant.switches.same_directory = true,
            _ => {}
        }
    }
    for g in args
        .get(5)
        .map(|s| s.split(',').filter(|x| !x.is_empty()).collect::<Vec<_>>())
        .unwrap_or_default()
    {
        variant.waived = variant.waived.with(g.parse().unwrap());
    }
    let limit: usize = args
        .get(6)
        .and_then(|x| x.parse().ok())
        .unwrap_or(20_000_000);
    let model = Quorum {
        setting,
        variant,
        faults,
        bounds: Bounds {
            records: n[0],
            epochs: n[1],
            changes: n[2],
            parts: flags.contains("parts"),
            repairs: !flags.contains("norepair"),
            timely: flags.contains("timely"),
        },
        asked: Property::ALL,
    };
    let t = std::time::Instant::now();
    let e = explore(&model, Limits::of_states(limit));
    println!(
        "{:?} represented {} cut {} epochs used up {} in {:?}, state {} bytes",
        e.counts,
        e.represented,
        e.cut_short,
        e.epochs_used_up,
        t.elapsed(),
        std::mem::size_of::<State>()
    );
    for (p, v) in &e.verdicts {
        match v {
            Verdict::Violated(h) => {
                println!("{} VIOLATED after {}", p.name, h.actions.len());
                if flags.contains("show") {
                    for a in &h.actions {
                        println!("    {}", a.line(&model.setting));
                    }
                }
            }
            v => println!("{} {}", p.name, v.word()),
        }
    }
    println!("never: {:?}", e.coverage.never().collect::<Vec<_>>());
}
