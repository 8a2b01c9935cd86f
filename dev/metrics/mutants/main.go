// Prints what an expression becomes when one part of it is taken away or turned around. Input: a
// JSON list of expressions. Output: a list with, for each, its mutants.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Mutant is an expression with one change.
type Mutant struct {
	What string `json:"what"`
	Expr string `json:"expr"`
}

var inverse = map[parser.ItemType]parser.ItemType{
	parser.GTR: parser.LTE, parser.LSS: parser.GTE, parser.EQLC: parser.NEQ, parser.NEQ: parser.EQLC,
	parser.ADD: parser.SUB, parser.SUB: parser.ADD, parser.DIV: parser.MUL,
}
var other = map[parser.ItemType]parser.ItemType{
	parser.SUM: parser.MAX, parser.MAX: parser.SUM, parser.MIN: parser.MAX, parser.COUNT: parser.MAX,
	parser.AVG: parser.MAX,
}

func main() {
	var expressions []string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		log.Fatalf("a JSON list of expressions is wanted: %v", err)
	}
	parse := parser.NewParser(parser.Options{})
	found := make([][]Mutant, 0, len(expressions))
	for _, one := range expressions {
		expression, err := parse.ParseExpr(one)
		if err != nil {
			log.Fatalf("%s: %v", one, err)
		}
		mutants := []Mutant{}
		before := expression.String()
		root := &parser.ParenExpr{Expr: expression}
		note := func(what string) {
			text := root.Expr.String()
			// A change that the parser refuses is found by any check of the rules.
			if _, err := parse.ParseExpr(text); err == nil && text != before {
				mutants = append(mutants, Mutant{what, text})
			}
		}
		visit(&root.Expr, note)
		found = append(found, mutants)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		log.Fatal(err)
	}
}

// visit changes each part below `at` in turn, notes the whole, and puts the part back.
func visit(at *parser.Expr, note func(string)) {
	switch one := (*at).(type) {
	case *parser.ParenExpr:
		visit(&one.Expr, note)
	case *parser.MatrixSelector:
		visit(&one.VectorSelector, note)
	case *parser.VectorSelector:
		selector(one, note)
	case *parser.Call:
		for index := range one.Args {
			visit(&one.Args[index], note)
		}
	case *parser.AggregateExpr:
		aggregate(one, note)
		visit(&one.Expr, note)
	case *parser.BinaryExpr:
		binary(at, one, note)
		visit(&one.LHS, note)
		visit(&one.RHS, note)
	}
}

func binary(at *parser.Expr, one *parser.BinaryExpr, note func(string)) {
	for _, side := range []parser.Expr{one.LHS, one.RHS} {
		if side.Type() != parser.ValueTypeScalar {
			*at = side
			note(fmt.Sprintf("only %s", side))
			*at = one
		}
	}
	if turned, ok := inverse[one.Op]; ok {
		was := one.Op
		one.Op = turned
		note(fmt.Sprintf("%s for %s", turned, was))
		one.Op = was
	}
	if matching := one.VectorMatching; matching != nil {
		all := matching.MatchingLabels
		for index := range all {
			matching.MatchingLabels = slices.Delete(slices.Clone(all), index, index+1)
			note(fmt.Sprintf("on without %s", all[index]))
		}
		matching.MatchingLabels = all
	}
}

func aggregate(one *parser.AggregateExpr, note func(string)) {
	all := one.Grouping
	for index := range all {
		one.Grouping = slices.Delete(slices.Clone(all), index, index+1)
		note(fmt.Sprintf("by without %s", all[index]))
	}
	one.Grouping = all
	if swapped, ok := other[one.Op]; ok {
		was := one.Op
		one.Op = swapped
		note(fmt.Sprintf("%s for %s", swapped, was))
		one.Op = was
	}
}

func selector(one *parser.VectorSelector, note func(string)) {
	all := one.LabelMatchers
	for index, matcher := range all {
		if matcher.Name == labels.MetricName {
			continue
		}
		one.LabelMatchers = slices.Delete(slices.Clone(all), index, index+1)
		note(fmt.Sprintf("%s without %s", one.Name, matcher))
	}
	one.LabelMatchers = all
	if one.OriginalOffset != 0 {
		was := one.OriginalOffset
		one.OriginalOffset = 0
		note("without offset")
		one.OriginalOffset = was
	}
}
