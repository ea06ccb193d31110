//! How much memory the passes go over, and how much the machine has near.

use crate::rounds::{Layout, engine};
use highwater_reference::sweeps::TILE;
use highwater_vocabulary::{Datacenter, Member};

/// The data caches of the first core, as Linux tells them.
pub(crate) fn caches() -> String {
    let told: Vec<String> = (0..4)
        .filter_map(|index| {
            let cache = format!("/sys/devices/system/cpu/cpu0/cache/index{index}");
            let read = |what: &str| std::fs::read_to_string(format!("{cache}/{what}")).ok();
            let (kind, level, size) = (read("type")?, read("level")?, read("size")?);
            let holds_data = kind.trim() != "Instruction";
            holds_data.then(|| format!("L{} {}", level.trim(), size.trim()))
        })
        .collect();
    format!("Caches: {}.", told.join(", "))
}

/// What the columns take at each size.
pub(crate) fn told(layout: &Layout, sizes: &[usize]) -> String {
    let bytes = engine(layout, 1).columns().bytes_per_partition();
    let sizes: Vec<String> = sizes
        .iter()
        .map(|size| {
            format!(
                "{:.1} MiB at {size}",
                (bytes * size) as f64 / (1 << 20) as f64
            )
        })
        .collect();
    format!(
        "{bytes} bytes a partition: {}. Epochs before the newest, beside the columns: {} bytes a partition after \
         a failover.",
        sizes.join(", "),
        older(layout)
    )
}

/// What a failover adds, a partition.
fn older(layout: &Layout) -> usize {
    let partitions = 100 * TILE;
    let mut engine = engine(layout, partitions);
    engine.append_round(&vec![1; partitions]);
    engine.fetch_round();
    engine.fail_over(Datacenter::at(0)).expect("two are left");
    engine.bytes_of_older_epochs() / partitions
}
