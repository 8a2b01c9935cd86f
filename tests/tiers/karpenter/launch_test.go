package karpenter

import (
	"slices"
	"strings"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning"
)

// create creates pods of a team and marks them as kube-scheduler marks pods without a node.
func (c *cluster) create(pod corev1.Pod, count int) []*corev1.Pod {
	var created []*corev1.Pod
	for range count {
		p := pod.DeepCopy()
		p.ObjectMeta = metav1.ObjectMeta{Namespace: pod.Namespace, GenerateName: pod.Name + "-", Labels: pod.Labels, Annotations: pod.Annotations}
		c.must(kube.Client.Create(c.ctx, p))
		eventually(c.t, "the scheduler finds no node for "+p.Name, func() bool {
			c.refresh(p)
			return unschedulable(p)
		})
		created = append(created, p)
	}
	return created
}

func unschedulable(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(one corev1.PodCondition) bool {
		return one.Type == corev1.PodScheduled && one.Reason == corev1.PodReasonUnschedulable
	})
}

func nodePoolOf(claim *karpv1.NodeClaim) nodePool {
	return nodePool{claim.Labels[karpv1.NodePoolLabelKey], claim.Labels[corev1.LabelArchStable], claim.Labels[karpv1.CapacityTypeLabelKey]}
}

func instanceTypeOf(claim *karpv1.NodeClaim) ec2types.InstanceType {
	return ec2types.InstanceType(claim.Labels[corev1.LabelInstanceTypeStable])
}

// launch runs provisioning rounds until EC2 grants something or no pool is left.
func (c *cluster) launch() (launched []*karpv1.NodeClaim) {
	c.refused = 0
	for range 40 {
		claims := c.provision()
		for _, claim := range claims {
			if _, err := c.lifecycle.Reconcile(c.ctx, claim); err != nil {
				c.t.Fatalf("launching NodeClaim of pool %s: %v", claim.Labels[karpv1.NodePoolLabelKey], err)
			}
			// Karpenter deletes a NodeClaim that EC2 has no capacity for.
			if c.gone(claim) {
				c.remove(claim)
				c.refused++
				continue
			}
			if !claim.StatusConditions().Get(karpv1.ConditionTypeLaunched).IsTrue() {
				c.t.Fatalf("NodeClaim of pool %s neither launched nor deleted", claim.Labels[karpv1.NodePoolLabelKey])
			}
			launched = append(launched, claim)
		}
		if len(claims) == 0 || len(launched) > 0 {
			return launched
		}
	}
	c.t.Fatal("no launch and no giving up after 40 rounds")
	return nil
}

// launchOne launches one node and keeps it.
func (c *cluster) launchOne() *karpv1.NodeClaim {
	c.t.Helper()
	launched := c.launch()
	if len(launched) != 1 {
		c.t.Fatalf("%d launches, wanted is one; pending: %s", len(launched), c.pending)
	}
	return launched[0]
}

// provision is one round of Karpenter's provisioner over the pending pods and the nodes there are.
func (c *cluster) provision() []*karpv1.NodeClaim {
	c.sync()
	results, err := c.prov.Schedule(c.ctx)
	c.must(err)
	c.pending = ""
	for _, reason := range results.PodErrors {
		c.pending = strings.Join(strings.Fields(reason.Error()), " ")
	}
	names, err := c.prov.CreateNodeClaims(c.ctx, results.NewNodeClaims, provisioning.WithReason("provisioned"))
	c.must(err)
	var claims []*karpv1.NodeClaim
	for _, name := range names {
		claim := &karpv1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}}
		c.refresh(claim)
		claims = append(claims, claim)
	}
	return claims
}

// sync tells Karpenter's picture of the cluster what the API server has, as its informers do.
func (c *cluster) sync() {
	c.state.Reset()
	for _, claim := range list(c, &karpv1.NodeClaimList{}).Items {
		c.state.UpdateNodeClaim(&claim)
	}
	for _, node := range list(c, &corev1.NodeList{}).Items {
		c.must(c.state.UpdateNode(c.ctx, &node))
	}
	for _, pod := range list(c, &corev1.PodList{}).Items {
		// A DaemonSet's pod may outlive its node for a moment: the informer tries it again later.
		c.must(client.IgnoreNotFound(c.state.UpdatePod(c.ctx, &pod)))
	}
}
