package karpenter

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/aws/karpenter-provider-aws/pkg/controllers/interruption"
	"github.com/aws/karpenter-provider-aws/pkg/fake"
	sqsprovider "github.com/aws/karpenter-provider-aws/pkg/providers/sqs"
	"github.com/aws/karpenter-provider-aws/pkg/utils"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/disruption"
	"sigs.k8s.io/karpenter/pkg/controllers/node/termination"
	"sigs.k8s.io/karpenter/pkg/controllers/node/termination/terminator"
	claimdisruption "sigs.k8s.io/karpenter/pkg/controllers/nodeclaim/disruption"
	"sigs.k8s.io/karpenter/pkg/state/cost"
)

// TestAnInterruptionWarningDrainsTheNode: no new pod, the pods evicted, then the instance ended.
func TestAnInterruptionWarningDrainsTheNode(t *testing.T) {
	team := stack.Teams[0]
	c := newCluster(t, usual)
	pods := c.create(team.Executor, 1)
	claims := c.running(pods...)
	claim := claims[pods[0].Spec.NodeName]

	c.warn(claim)
	if !c.gone(claim) {
		t.Fatal("the NodeClaim is not on its way out")
	}
	if !c.aws.UnavailableOfferingsCache.IsUnavailable(instanceTypeOf(claim), claim.Labels[corev1.LabelTopologyZone], nil, "spot") {
		t.Error("the capacity that was taken away is asked for again")
	}
	evictions := terminator.NewQueue(kube.Client, c.events)
	drain := termination.NewController(c.clock, kube.Client, c.cloud, terminator.NewTerminator(c.clock, kube.Client, evictions, c.events), c.events)
	node := &corev1.Node{}
	node.Name = claim.Name
	c.reconcile(claim) // deletes the node, which Karpenter's finalizer keeps
	c.drain(drain, node)
	c.refresh(node)
	if !hasTaint(node.Spec.Taints, karpv1.DisruptedNoScheduleTaint) {
		t.Errorf("new pods may still come: the node's taints are %v", node.Spec.Taints)
	}
	if !evictions.Has(pods[0]) {
		t.Fatal("the executor is not evicted")
	}
	c.done(evictions.Reconcile(c.ctx, pods[0]))
	eventually(t, "the executor is asked to go", func() bool { return c.gone(pods[0]) })
	if !c.instanceRuns(claim) {
		t.Error("the instance ended before its pods did")
	}
	c.remove(pods[0]) // as kubelet does when the process has ended
	for range 10 {
		c.clock.Step(10 * time.Second)
		c.drain(drain, node)
		c.reconcile(claim)
	}
	if c.instanceRuns(claim) {
		t.Error("the instance still runs")
	}
	if c.there(node) {
		t.Error("the node is still there")
	}
}

// TestConsolidationTakesEmptyNodesAndLeavesExecutorsAlone, however little of their node they use.
func TestConsolidationTakesEmptyNodesAndLeavesExecutorsAlone(t *testing.T) {
	team := stack.Teams[0]
	c := newCluster(t, usual)
	// Three nodes, then two executors so small that either node could take both.
	claims := c.running(c.create(apart(team.Executor), 3)...)
	if len(claims) != 3 {
		t.Fatalf("%d nodes for three executors that stay apart", len(claims))
	}
	c.emptyPods()
	nodes := lo.Keys(claims)
	idle, busy := claims[nodes[0]], []*karpv1.NodeClaim{claims[nodes[1]], claims[nodes[2]]}
	for _, claim := range busy {
		c.runSmallOn(claim.Name, team.Executor)
	}

	c.consolidate(30 * time.Second)
	for name, claim := range claims {
		if c.gone(claim) {
			t.Fatalf("%s went before consolidateAfter was over", name)
		}
	}
	c.consolidate(31 * time.Second)
	if !c.gone(idle) {
		t.Error("the empty node stays")
	}
	// Gone for good: a node on its way out would use up the budget that protects the others.
	c.remove(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: idle.Name}})
	c.remove(idle)
	for range 3 {
		c.consolidate(time.Hour)
	}
	for _, claim := range busy {
		if c.gone(claim) {
			t.Errorf("%s was taken from a running executor", claim.Name)
		}
	}
}

// consolidate lets time pass, then runs Karpenter's disruption once.
func (c *cluster) consolidate(after time.Duration) {
	c.clock.Step(after)
	c.aws.InstanceCache.Flush() // to compare what EC2 has, not what was asked for
	marks := claimdisruption.NewController(c.clock, kube.Client, c.cloud)
	for _, claim := range list(c, &karpv1.NodeClaimList{}).Items {
		c.done(marks.Reconcile(c.ctx, &claim))
		if drifted := claim.StatusConditions().Get(karpv1.ConditionTypeDrifted); drifted.IsTrue() {
			c.t.Errorf("a node as launched differs from its NodePool or node class: %s", drifted.Reason)
		}
	}
	c.sync()
	queue := disruption.NewQueue(kube.Client, c.events, c.state, c.clock, c.prov)
	controller := disruption.NewController(c.clock, kube.Client, c.prov, c.cloud, c.events, c.state, queue, cost.NewClusterCost(c.ctx, c.cloud, kube.Client))
	done := make(chan error)
	go func() {
		_, err := controller.Reconcile(c.ctx)
		done <- err
	}()
	for {
		select {
		case err := <-done:
			c.must(err)
			for _, command := range queue.GetCommands() {
				for _, candidate := range command.Candidates {
					c.done(queue.Reconcile(c.ctx, candidate.NodeClaim))
				}
			}
			return
		case <-time.After(10 * time.Millisecond):
			if c.clock.HasWaiters() { // Karpenter looks twice, 15 s apart, before it acts
				c.clock.Step(15 * time.Second)
			}
		}
	}
}

// warn puts EC2's two-minute warning for the claim's instance on the queue, and lets Karpenter
// read it. The message is the one that EventBridge sends.
func (c *cluster) warn(claim *karpv1.NodeClaim) {
	id, err := utils.ParseInstanceID(claim.Status.ProviderID)
	c.must(err)
	body := fmt.Sprintf(`{"version": "0", "id": "warning", "detail-type": "EC2 Spot Instance Interruption Warning",
	  "source": "aws.ec2", "account": "111122223333", "time": %q, "region": %q,
	  "resources": ["arn:aws:ec2:%s:instance/%s"], "detail": {"instance-id": %q, "instance-action": "terminate"}}`,
		time.Now().UTC().Format(time.RFC3339), region, region, id, id)
	api := &fake.SQSAPI{}
	api.ReceiveMessageBehavior.Output.Set(&sqs.ReceiveMessageOutput{Messages: []sqstypes.Message{{Body: aws.String(body), MessageId: aws.String("1")}}})
	queue, err := sqsprovider.NewDefaultProvider(api, "https://sqs."+region+".amazonaws.com/111122223333/queue")
	c.must(err)
	controller := interruption.NewController(kube.Client, c.clock, c.cloud, c.events, queue, sqs.NewFromConfig(aws.Config{}), c.aws.UnavailableOfferingsCache, c.aws.CapacityReservationProvider)
	_, err = controller.Reconcile(c.ctx)
	c.must(err)
	if api.DeleteMessageBehavior.SuccessfulCalls() != 1 {
		c.t.Error("the warning stays on the queue")
	}
}

func (c *cluster) drain(controller *termination.Controller, node *corev1.Node) {
	if c.there(node) {
		c.done(controller.Reconcile(c.ctx, node))
	}
}

// instanceRuns tells whether EC2 has the claim's instance.
func (c *cluster) instanceRuns(claim *karpv1.NodeClaim) bool {
	id, err := utils.ParseInstanceID(claim.Status.ProviderID)
	c.must(err)
	_, found := c.aws.EC2API.Instances.Load(id)
	return found
}

func hasTaint(taints []corev1.Taint, wanted corev1.Taint) bool {
	return slices.ContainsFunc(taints, func(one corev1.Taint) bool { return one.MatchTaint(&wanted) })
}
