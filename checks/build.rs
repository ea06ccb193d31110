//! The experiments are built into the command (`src/shipped.rs`); a file that is added to their folder
//! changes nothing that the compiler looks at.

fn main() {
    println!("cargo::rerun-if-changed=experiments");
}
