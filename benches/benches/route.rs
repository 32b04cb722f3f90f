//! Route match alone: the normal form of a path, and a path's rule among the GitHub table's 203.

use core::hint::black_box;

use criterion::{Criterion, Throughput};
use mesh_benches::{github_mesh, large_mesh, machine};
use mesh_core::{path::normalize, route::RequestHead};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, (snapshot, samples)) in [("github", github_mesh()), ("large", large_mesh())] {
        let machine = machine(&snapshot);
        let routes = machine.snapshot().routes();
        let heads: Vec<RequestHead<'_>> = samples
            .iter()
            .map(|sample| RequestHead {
                host: b"api.example.com",
                path: sample.path.as_bytes(),
                query: b"",
                method: sample.method,
                headers: &[],
            })
            .collect();
        let found = heads.iter().filter(|head| routes.find(head).is_some()).count();
        assert_eq!(found, heads.len(), "every request of the {name} table meets a rule");

        let mut group = criterion.benchmark_group(format!("route/{name}"));
        group.throughput(Throughput::Elements(heads.len() as u64));
        group.bench_function("find", |bencher| {
            bencher.iter(|| {
                heads.iter().filter(|head| routes.find(black_box(head)).is_some()).count()
            });
        });
        let mut scratch = Vec::new();
        group.bench_function("normalize", |bencher| {
            bencher.iter(|| {
                heads
                    .iter()
                    .filter(|head| normalize(black_box(head.path), &mut scratch).is_ok())
                    .count()
            });
        });
        group.finish();
    }
    criterion.final_summary();
}
