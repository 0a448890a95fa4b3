// SPDX-License-Identifier: Apache-2.0
//
// What the programs beside this file share: graphs and queries as pathbench
// writes them, the clock, and the one line of JSON that they print.
#pragma once

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

struct Arc {
  uint32_t from, to, cost, delay, mbps;
};

struct Query {
  uint32_t from, to, mbps, delay;
};

// Answer is the cost and delay of a path; -1 where there is none, or where the
// contestant does not know.
struct Answer {
  int64_t cost = -1, delay = -1;
};

struct Case {
  uint32_t nodes = 0;
  std::vector<Arc> arcs;
  std::vector<Query> queries;
};

inline std::ifstream open(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be opened");
  return in;
}

// read takes a graph, and at most `most` queries (0: all).
inline Case read(const std::string& graph, const std::string& queries, size_t most) {
  Case c;
  size_t count = 0;
  std::ifstream in = open(graph);
  in >> c.nodes >> count;
  c.arcs.resize(count);
  for (Arc& a : c.arcs) in >> a.from >> a.to >> a.cost >> a.delay >> a.mbps;
  if (!in) throw std::runtime_error(graph + ": not a graph");
  in = open(queries);
  in >> count;
  c.queries.resize(most == 0 ? count : std::min(count, most));
  for (Query& q : c.queries) in >> q.from >> q.to >> q.mbps >> q.delay;
  if (!in || c.queries.empty()) throw std::runtime_error(queries + ": no queries");
  return c;
}

// cpu returns the seconds of CPU that this process has used.
inline double cpu() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + double(t.tv_nsec) / 1e9;
}

struct Report {
  std::string library;
  double queriesPerSecond = 0;
  std::vector<Answer> answers;
};

// run answers all queries once to warm up and to keep what was found, then again
// and again for about so many seconds.
template <typename Answerer>
Report run(const std::string& library, const Case& c, double seconds, Answerer&& answer) {
  Report r{library, 0, {}};
  for (const Query& q : c.queries) r.answers.push_back(answer(q));
  const double start = cpu();
  double took = 0;
  size_t rounds = 0;
  int64_t sum = 0;
  for (; rounds == 0 || took < seconds; took = cpu() - start, rounds++)
    for (const Query& q : c.queries) sum += answer(q).cost;
  if (sum == INT64_MIN) std::cerr << sum; // the sum is needed, so the loop stays
  r.queriesPerSecond = double(rounds) * double(c.queries.size()) / took;
  return r;
}

inline void print(const Report& r) {
  std::cout.precision(12);
  std::cout << R"({"with":[")" << r.library << R"(","g++ )" __VERSION__ R"("],"queriesPerSecond":)" << r.queriesPerSecond << R"(,"answers":[)";
  for (size_t i = 0; i < r.answers.size(); i++)
    std::cout << (i ? "," : "") << R"({"cost":)" << r.answers[i].cost << R"(,"micros":)" << r.answers[i].delay << "}";
  std::cout << "]}\n";
}

// entry is main: GRAPH QUERIES SECONDS MOST.
template <typename Contest>
int entry(int argc, char** argv, Contest&& contest) {
  try {
    if (argc != 5) throw std::runtime_error("usage: GRAPH QUERIES SECONDS MOST");
    const Case c = read(argv[1], argv[2], std::stoul(argv[4]));
    print(contest(c, std::stod(argv[3])));
    return 0;
  } catch (const std::exception& e) {
    std::cerr << argv[0] << ": " << e.what() << "\n";
    return 1;
  }
}

}  // namespace bench
