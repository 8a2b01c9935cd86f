// Prints how Prometheus' own parser reads expressions. Input: a JSON list of expressions. Output: a
// list with, for each, its tree, or `error` with what the parser says.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/prometheus/prometheus/promql/parser"
)

// Node is one node of a tree; only the fields of its kind are set.
type Node struct {
	Kind     string    `json:"kind"`
	Name     string    `json:"name,omitempty"` // metric, function, operator
	Matchers []Matcher `json:"matchers,omitempty"`
	Text     string    `json:"text,omitempty"` // of a string
	Labels   []string  `json:"labels,omitempty"`
	Without  bool      `json:"without,omitempty"` // without (...), ignoring (...)
	On       bool      `json:"on,omitempty"`
	Card     string    `json:"card,omitempty"`
	Include  []string  `json:"include,omitempty"`
	Children []*Node   `json:"children,omitempty"`
	Error    string    `json:"error,omitempty"`
}

// Matcher is one of a selector's conditions.
type Matcher struct {
	Name  string `json:"name"`
	Op    string `json:"op"`
	Value string `json:"value"`
}

func main() {
	var expressions []string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		log.Fatalf("a JSON list of expressions is wanted: %v", err)
	}
	parse := parser.NewParser(parser.Options{})
	trees := make([]*Node, 0, len(expressions))
	for _, one := range expressions {
		expression, err := parse.ParseExpr(one)
		if err != nil {
			trees = append(trees, &Node{Kind: "error", Error: err.Error()})
			continue
		}
		trees = append(trees, tree(expression))
	}
	if err := json.NewEncoder(os.Stdout).Encode(trees); err != nil {
		log.Fatal(err)
	}
}

func tree(of parser.Node) *Node {
	switch one := of.(type) {
	case *parser.ParenExpr:
		return tree(one.Expr)
	case *parser.StepInvariantExpr:
		return tree(one.Expr)
	case *parser.UnaryExpr:
		return &Node{Kind: "unary", Name: one.Op.String(), Children: trees(one.Expr)}
	case *parser.MatrixSelector:
		return tree(one.VectorSelector)
	case *parser.SubqueryExpr:
		return tree(one.Expr)
	case *parser.NumberLiteral:
		return &Node{Kind: "number"}
	case *parser.StringLiteral:
		return &Node{Kind: "string", Text: one.Val}
	case *parser.VectorSelector:
		return selector(one)
	case *parser.Call:
		return &Node{Kind: "call", Name: one.Func.Name, Children: trees(one.Args...)}
	case *parser.AggregateExpr:
		node := &Node{Kind: "aggregate", Name: one.Op.String(), Labels: one.Grouping, Without: one.Without}
		node.Children = trees(one.Expr)
		if one.Param != nil {
			node.Children = append(node.Children, tree(one.Param))
		}
		return node
	case *parser.BinaryExpr:
		node := &Node{Kind: "binary", Name: one.Op.String(), Children: trees(one.LHS, one.RHS)}
		if matching := one.VectorMatching; matching != nil {
			node.Card, node.On = matching.Card.String(), matching.On
			node.Labels, node.Include = matching.MatchingLabels, matching.Include
		}
		return node
	}
	log.Fatalf("a node that is not known: %T", of)
	return nil
}

func selector(one *parser.VectorSelector) *Node {
	node := &Node{Kind: "selector", Name: one.Name}
	for _, matcher := range one.LabelMatchers {
		if matcher.Name != "__name__" || one.Name == "" {
			node.Matchers = append(node.Matchers, Matcher{matcher.Name, matcher.Type.String(), matcher.Value})
		}
	}
	return node
}

func trees(of ...parser.Expr) []*Node {
	nodes := make([]*Node, 0, len(of))
	for _, one := range of {
		nodes = append(nodes, tree(one))
	}
	return nodes
}
