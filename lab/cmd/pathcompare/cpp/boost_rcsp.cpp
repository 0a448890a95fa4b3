// SPDX-License-Identifier: Apache-2.0
//
// Boost's r_c_shortest_paths: all Pareto-optimal paths by cost and delay within
// the bound, over the arcs that are wide enough; the cheapest, then fastest, of
// them is the answer. It ends at the destination only when no label is left.
#include "boost_graph.hpp"

#include <boost/graph/r_c_shortest_paths.hpp>
#include <boost/version.hpp>

// Spent is the resources of a label.
struct Spent {
  uint64_t cost = 0, delay = 0;
  bool operator==(const Spent& o) const { return cost == o.cost && delay == o.delay; }
  bool operator<(const Spent& o) const { return cost < o.cost || (cost == o.cost && delay < o.delay); }
};

// Extend takes a label over an arc; false: beyond the bound.
struct Extend {
  uint64_t bound;
  bool operator()(const Filtered& g, Spent& next, const Spent& s, const Arc& a) const {
    next = {s.cost + g[a].cost, s.delay + g[a].delay};
    return next.delay <= bound;
  }
};

struct Dominates {
  bool operator()(const Spent& a, const Spent& b) const { return a.cost <= b.cost && a.delay <= b.delay; }
};

int main(int argc, char** argv) {
  return bench::entry(argc, argv, [](const bench::Case& c, double seconds) {
    const Graph graph = build(c);
    return bench::run("Boost " BOOST_LIB_VERSION, c, seconds, [&](const bench::Query& q) {
      const Filtered filtered(graph, Wide{&graph, q.mbps});
      std::vector<std::vector<Arc>> paths;
      std::vector<Spent> spent;
      boost::r_c_shortest_paths(filtered, get(boost::vertex_index, graph), get(&ArcData::number, graph), q.from, q.to, paths,
                                spent, Spent{}, Extend{q.delay}, Dominates{},
                                std::allocator<boost::r_c_shortest_paths_label<Filtered, Spent>>(),
                                boost::default_r_c_shortest_paths_visitor());
      bench::Answer best;
      for (const Spent& s : spent)
        if (best.cost < 0 || s < Spent{uint64_t(best.cost), uint64_t(best.delay)}) best = {int64_t(s.cost), int64_t(s.delay)};
      return best;
    });
  });
}
