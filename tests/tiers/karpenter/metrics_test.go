package karpenter

import (
	"flag"
	"os"
	"testing"

	opstatus "github.com/awslabs/operatorpkg/status"
	"github.com/prometheus/common/expfmt"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
	crmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	awsmetrics "github.com/aws/karpenter-provider-aws/pkg/controllers/metrics"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	nodemetrics "sigs.k8s.io/karpenter/pkg/controllers/metrics/node"
	poolmetrics "sigs.k8s.io/karpenter/pkg/controllers/metrics/nodepool"
	podmetrics "sigs.k8s.io/karpenter/pkg/controllers/metrics/pod"
	"sigs.k8s.io/karpenter/pkg/controllers/nodepool/counter"
	"sigs.k8s.io/karpenter/pkg/state/cost"
)

var metricsFile = flag.String("metrics", "", "file that Karpenter's metrics are written to, as Prometheus would see them")

// TestMetricsTellOfNodesPoolsPricesAndInterruptions: the metrics of a running executor's node, and of
// the warning that ends it, are written to -metrics.
func TestMetricsTellOfNodesPoolsPricesAndInterruptions(t *testing.T) {
	c := newCluster(t, usual)
	pods := c.create(stack.Teams[0].Executor, 1)
	podMetrics := podmetrics.NewController(kube.Client, c.state)
	seen := func() {
		for _, pod := range pods {
			c.done(podMetrics.Reconcile(c.ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(pod)}))
		}
	}
	seen() // pending
	claims := c.running(pods...)
	seen() // running
	c.sync()
	counts := counter.NewController(kube.Client, c.cloud, c.state)
	costs := cost.NewClusterCost(c.ctx, c.cloud, kube.Client)
	pools := poolmetrics.NewController(kube.Client, c.cloud, costs)
	conditions := opstatus.NewController[*karpv1.NodePool](kube.Client, record.NewFakeRecorder(1000), opstatus.EmitDeprecatedMetrics)
	for _, pool := range list(c, &karpv1.NodePoolList{}).Items {
		c.done(counts.Reconcile(c.ctx, &pool))
		of := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&pool)}
		c.done(pools.Reconcile(c.ctx, of))
		c.done(conditions.Reconcile(c.ctx, of))
	}
	_, err := nodemetrics.NewController(c.state).Reconcile(c.ctx)
	c.must(err)
	_, err = awsmetrics.NewController(kube.Client, c.cloud).Reconcile(c.ctx)
	c.must(err)
	c.warn(claims[pods[0].Spec.NodeName])

	families, err := crmetrics.Registry.Gather()
	c.must(err)
	file, err := os.Create(*metricsFile)
	c.must(err)
	defer file.Close()
	for _, family := range families {
		_, err := expfmt.MetricFamilyToText(file, family)
		c.must(err)
	}
}
