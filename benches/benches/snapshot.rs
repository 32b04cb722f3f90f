//! Taking a Snapshot into use: reading and checking its bytes, a first machine, and a swap that
//! keeps what was learned.

use core::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use mesh_benches::{github_mesh, large_mesh, machine};
use mesh_core::{snapshot::Snapshot, time::Timestamp};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, (snapshot, _)) in [("github", github_mesh()), ("large", large_mesh())] {
        let mut group = criterion.benchmark_group(format!("snapshot/{name}"));
        group.throughput(Throughput::Bytes(snapshot.len() as u64));
        group.bench_function("decode", |bencher| {
            bencher.iter(|| Snapshot::decode(black_box(&snapshot)));
        });
        group.bench_function("load", |bencher| bencher.iter(|| machine(black_box(&snapshot))));
        let mut running = machine(&snapshot);
        group.bench_function("swap", |bencher| {
            bencher.iter_batched(
                || Snapshot::decode(&snapshot).unwrap_or_default(),
                |next| running.swap(next, Timestamp::from_millis(1)),
                BatchSize::SmallInput,
            );
        });
        group.finish();
    }
    criterion.final_summary();
}
